"""The classifiers that show the lift, each small enough to be trained hundreds of times."""
