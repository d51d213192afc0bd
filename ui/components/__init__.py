"""Small custom components (Streamlit components v2): one typed Python function each, drawn by a plain script in assets/web/."""
