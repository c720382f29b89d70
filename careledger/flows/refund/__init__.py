"""Orders in escrow, settled by scans, deadlines, rulings and customers."""
