"""What watches the runs of a session (`engine.state.watches`): a module for each kind."""
