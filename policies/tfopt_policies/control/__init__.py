"""The controller: capacity minute by minute, trained through a differentiable simulator."""
