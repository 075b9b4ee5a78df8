from hotline.exchange.clients.telephone import Softphone, Telephone

__all__ = ["Softphone", "Telephone"]
