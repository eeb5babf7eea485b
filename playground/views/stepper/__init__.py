"""A trace as the stepper shows it: the picture with what stands in it after every step, the table, one HTML file."""
