"""Knowledge bases, jobs, archives."""
