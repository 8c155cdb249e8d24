"""What the product promises, in the clinic's words."""
