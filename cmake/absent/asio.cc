// Asio, compiled once, without its TLS.
#include <boost/asio/impl/src.hpp>
