"""What is estimated, not counted: models that are fitted to the customers' past, and how well they did."""
