"""Downstream lift: does a classifier learn more from a corpus with its variants than without?"""
