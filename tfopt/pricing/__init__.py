"""The price book: machines, prices, performance."""
