"""Does a classifier learn more with variants than without, and with whose?"""
