"""Continued masked-LM training of a model on texts of one's own.

Gururangan et al. 2020, "Don't stop pretraining: adapt language models to domains and tasks", §4,
is what it is after: a model that was trained further on a domain's unlabelled text predicts that
domain's words better. Whole words are masked (Cui et al. 2021, "Pre-training with whole word
masking", §3.1), always by the mask token, since that is what ``masked_lm`` shows the model.

The work is kept in the output folder until it is done, so that whatever ends it early, no more is
lost than the time since the last checkpoint::

    OUT/config.json, model.safetensors, tokenizer.json, …   the model, once it is done
    OUT/README.md, figures.json                             its card and its figures
    OUT/tensorboard/                                        loss and perplexity, step by step
    OUT/training/                                           settings, blocks, checkpoints; then gone
"""
