"""What machines do for the feed: entering clips, fitting models, writing catalogues."""
