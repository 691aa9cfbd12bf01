"""Variants that repeat what another row of the dataset says: found once all shards are made.

Every object is read once, into a file of sketches that is kept in the cache under the object's
key. All files of sketches together decide which variants go, whatever the order of the input. A
shard that loses some gets a second object, whose key tells of which object it was made and without
what; the first one is kept beside it, for the next run.
"""
