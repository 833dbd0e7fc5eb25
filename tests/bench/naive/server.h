// PointsService as an ordinary service offers it: each call takes a thread with a connection from a pool and runs its
// query or its transaction. On the same server, with the same checks of tokens, as ours; and EchoService, to tell what
// the server alone can do.
#pragma once

#include "rpc/tls.h"

namespace tessera::bench::naive {

// Tells its port in a line of JSON and serves until stdin ends.
void Serve(int connections, const rpc::TlsFiles& tls);

}  // namespace tessera::bench::naive
