"""Models: what is fitted to the tables, and the rooms that turn it into figures."""
