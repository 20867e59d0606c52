def improve(net, mover):
    for photo, name in photos():
        mover.zero_grad()
        loss = measure(net(photo), name)
        loss.backward()
        mover.step()
