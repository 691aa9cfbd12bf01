"""The reading test: replacements of augmill and of its peers, judged by people who read them."""
