from jobs import Jobs

if __name__ == "__main__":
    for builder, rows in Jobs():
        builder.make_and_fit(rows)
