"""What is commonly said of the two penalties, each claim judged by the measurements."""
