"""What several pages use: the stepper, popovers, loading, styles."""
