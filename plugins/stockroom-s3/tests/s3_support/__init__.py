"""Object stores to test with, as processes on the loopback interface."""
