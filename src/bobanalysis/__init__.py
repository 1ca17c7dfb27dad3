"""A re-runnable audit of Bob Emploi's published recommendation algorithm."""
