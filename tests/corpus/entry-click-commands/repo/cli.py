import click
from pipeline import fit_all

@click.group()
def cli():
    """House prices."""

@cli.command()
@click.option("--alpha", default=1.0)
def train(alpha):
    fit_all(alpha)

@cli.command()
def show():
    print(open("report.txt").read())

if __name__ == "__main__":
    cli()
