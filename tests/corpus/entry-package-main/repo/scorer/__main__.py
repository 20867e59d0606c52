from .learn import learn

learn()
