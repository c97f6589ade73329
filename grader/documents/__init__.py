"""Keeps the documents true: what is generated, what they name, what they tell people to type."""
