import torch
from brain import Brain

brain = Brain()
mover = torch.optim.AdamW(brain.parameters())
scaler = torch.cuda.amp.GradScaler()
for text in texts:
    loss = brain(text)
    scaler.scale(loss).backward()
    scaler.step(mover)
