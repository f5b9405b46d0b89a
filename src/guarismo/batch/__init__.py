"""Reading a million pictures: in shards, each done exactly once, on one machine or on a cluster.

``plan`` cuts a source into shards, ``source`` opens their pictures, ``shard`` reads them (pure: no files, no Ray),
``sink`` writes the rows, ``output`` keeps what is done, ``run`` ties them; ``pool`` and ``cluster`` are the engines.
"""
