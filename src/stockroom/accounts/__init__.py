"""What people do about their own account: sign in and out, passwords, second factors, sessions."""
