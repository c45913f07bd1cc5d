"""The Jupyter kernel: a thin skin over `engine`. Only this package imports ipykernel and jupyter_client."""
