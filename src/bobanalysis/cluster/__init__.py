"""Work spread over several processes or machines, and the tables in parts that come of it."""
