"""Parts that several pages use: the stepper, its frame and session; links, exports, galleries, styles."""
