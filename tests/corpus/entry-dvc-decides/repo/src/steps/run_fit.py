from src.steps.fit import fit

if __name__ == "__main__":
    fit("data/table.csv")
