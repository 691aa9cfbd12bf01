"""Ways to map a job over items, by processes of this machine or of a cluster."""
