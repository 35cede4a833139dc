"""What customers are owed, carried out over all stores: packages made, calls erased with a receipt, time kept to."""
