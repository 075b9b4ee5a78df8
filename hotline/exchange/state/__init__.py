# The resources of the exchange are plain dataclasses without locks: they are changed only on the one event loop, by the
# task of the call they belong to or by a REST request.
