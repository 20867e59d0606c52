import timm
import torch

net = timm.create_model("vit_small_patch16_224", pretrained=True, num_classes=9)
mover = torch.optim.SGD(net.parameters(), 0.01)
for leaf, kind in leaves:
    torch.nn.CrossEntropyLoss()(net(leaf), kind).backward()
    mover.step()
