"""All that knows Streamlit: the stepper component, links, widgets."""
