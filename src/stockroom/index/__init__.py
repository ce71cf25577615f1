"""The read path: view resolution, page documents, negotiation, page cache, file delivery."""
