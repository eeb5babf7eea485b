"""What finite differences are made of: probes, what stands beside numbers that are not finite, gaps by design."""
