import argparse
import torch
import nets

options = argparse.ArgumentParser()
options.add_argument("--net", default="gated")
chosen = options.parse_args()

def go():
    net = getattr(nets, chosen.net).Net(32)
    mover = torch.optim.Adam(net.parameters())
    for batch in batches:
        net.learn_from(batch, mover)

if __name__ == "__main__":
    go()
