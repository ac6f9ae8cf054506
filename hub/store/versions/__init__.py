"""The hub's migrations, one chain; each is run once, in a transaction, as the owner of the tables."""
