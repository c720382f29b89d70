"""How a company asks and a customer answers: requests, answers, what is kept."""
