#include "providers/async/real_host.hpp"

#include <signal.h>
#include <unistd.h>

namespace pveplan::async {

RealHost::RealHost(CurlOptions options)
    : loop_(clock_),
      poller_(waits_),
      transport_(poller_, options),
      signals_(waits_),
      processes_(waits_, signals_),
      input_(waits_, STDIN_FILENO),
      dialer_(waits_),
      host_(loop_, transport_, clock_, files_, random_, environment_, processes_, signals_, input_,
            dialer_) {
  // A peer that is gone is an error of that write, not the end of the program.
  ::signal(SIGPIPE, SIG_IGN);
  loop_.set_poller(&poller_);
}

RealHost::~RealHost() { loop_.set_poller(nullptr); }

}  // namespace pveplan::async
