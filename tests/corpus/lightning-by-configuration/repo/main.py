import hydra
import lightning.pytorch as pl

@hydra.main(config_path="conf", config_name="base", version_base=None)
def main(conf):
    pl.seed_everything(conf.seed)
    trainer = hydra.utils.instantiate(conf.trainer)
    module = hydra.utils.instantiate(conf.module)
    trainer.fit(model=module, datamodule=hydra.utils.instantiate(conf.data))

if __name__ == "__main__":
    main()
