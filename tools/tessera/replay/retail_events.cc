#include "tools/tessera/replay/retail_events.h"

#include <zlib.h>

#include <algorithm>
#include <iterator>
#include <map>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "base/check.h"

namespace tessera::replay {
namespace {

// An invoice: its rows in file order, wherever they stand.
struct Invoice {
  std::string number;
  std::vector<const OrderLineRow*> rows;
  bool cancels() const { return number.starts_with('C'); }
  const OrderLineRow& first() const { return *rows.front(); }
};

// A kept line of an earlier order, for cancellations to be matched against.
struct SoldLine {
  size_t order = 0;  // index into orders_
  int line = 0;
  int64_t pieces_left = 0;
};

struct Order {
  std::string id, channel, account;
};

struct Channel {
  const char* name;
  const char* namespace_;
  const char* scope;
};
constexpr Channel kChannels[] = {{"tmall", "taobao_ouid", "shop1"},
                                 {"jd", "jd_pin", ""},
                                 {"douyin", "douyin_open_id", "app1"},
                                 {"pos", "pos_id", "store1"}};

std::vector<Invoice> GroupByInvoice(const std::vector<OrderLineRow>& rows) {
  std::vector<Invoice> invoices;
  std::map<std::string, size_t> index;
  for (const OrderLineRow& row : rows) {
    if (row.invoice_no.starts_with('A')) continue;
    auto [at, fresh] = index.try_emplace(row.invoice_no, invoices.size());
    if (fresh) invoices.push_back({row.invoice_no, {}});
    invoices[at->second].rows.push_back(&row);
  }
  return invoices;
}

void AddIdentifier(events::v1::ChannelEvent& event, std::string_view name, std::string_view scope,
                   std::string_view value) {
  auto* identifier = event.add_identifiers();
  identifier->set_namespace_(std::string(name));
  identifier->set_scope(std::string(scope));
  identifier->set_value(std::string(value));
}

class Maker {
 public:
  Maker(const std::vector<OrderLineRow>& rows, absl::CivilDay anchor) : invoices_(GroupByInvoice(rows)) {
    TESSERA_CHECK(absl::LoadTimeZone("Europe/London", &zone_));
    if (!rows.empty()) days_ = (anchor - 1 - absl::CivilDay(rows.back().time)) / 7 * 7;
    for (const Invoice& invoice : invoices_) {
      if (!invoice.cancels() && !invoice.first().customer_id.empty() && HasKeptLine(invoice)) {
        ++orders_of_account_[AccountOf(invoice)];
      }
    }
  }

  RetailEvents Make() {
    for (const Invoice& invoice : invoices_) invoice.cancels() ? AddCancellation(invoice) : AddOrder(invoice);
    return std::move(made_);
  }

 private:
  static bool IsKept(const OrderLineRow& row) { return row.quantity > 0 && row.price_scaled > 0; }
  static bool HasKeptLine(const Invoice& invoice) {
    return std::any_of(invoice.rows.begin(), invoice.rows.end(), [](const auto* row) { return IsKept(*row); });
  }
  static const Channel& ChannelOf(const Invoice& invoice) { return kChannels[Crc32(invoice.number) % 4]; }
  static std::string AccountOf(const Invoice& invoice) {
    return absl::StrCat(invoice.first().customer_id, "@", ChannelOf(invoice).name);
  }

  // Whole weeks as local wall time, so that weekday and hour stay.
  absl::Time Shifted(absl::CivilSecond wall) const {
    return zone_.At(absl::CivilSecond(absl::CivilDay(wall) + days_) + (wall - absl::CivilSecond(absl::CivilDay(wall))))
        .pre;
  }

  RetailEvent& Add(std::string id, std::string channel, std::string key, const std::string& type, absl::Time time) {
    made_.events.push_back(
        {std::move(id), std::move(channel), std::move(key), "com.tessera.channel." + type + ".v1", time, {}});
    return made_.events.back();
  }

  void AddOrder(const Invoice& invoice) {
    const OrderLineRow& first = invoice.first();
    events::v1::OrderPaid paid;
    paid.set_order_id(invoice.number);
    for (const OrderLineRow* row : invoice.rows) {
      if (!IsKept(*row)) {
        ++made_.skipped_lines;
        continue;
      }
      auto* line = paid.add_lines();
      line->set_product_code(row->stock_code);
      line->set_quantity(row->quantity);
      line->set_list_minor(AmountMinor(*row));
      line->set_paid_minor(AmountMinor(*row));
    }
    if (paid.lines().empty()) return;
    ++made_.orders;
    const bool anonymous = first.customer_id.empty();
    const Channel& channel = ChannelOf(invoice);
    const std::string account = anonymous ? "anon-" + invoice.number : AccountOf(invoice);
    const absl::Time time = Shifted(first.time);
    RetailEvent& made = Add("or-" + invoice.number, anonymous ? "web" : channel.name, account, "order_paid", time);
    AddIdentifier(made.event, anonymous ? "cookie_id" : channel.namespace_, anonymous ? "web" : channel.scope, account);
    *made.event.mutable_order_paid() = std::move(paid);
    if (anonymous) return;
    RememberLines(invoice, channel, account);
    AddBindingIfDue(first.customer_id, channel, account, time);
  }

  void RememberLines(const Invoice& invoice, const Channel& channel, const std::string& account) {
    orders_.push_back({invoice.number, channel.name, account});
    int line = 0;
    for (const OrderLineRow* row : invoice.rows) {
      if (!IsKept(*row)) continue;
      sold_[KeyOf(invoice.first().customer_id, *row)].push_back({orders_.size() - 1, line++, row->quantity});
    }
  }

  // Same customer, stock code and unit price; the price as an exact decimal without trailing zeros.
  static std::string KeyOf(const std::string& customer, const OrderLineRow& row) {
    int64_t scaled = row.price_scaled;
    int digits = row.price_digits;
    for (; digits > 0 && scaled % 10 == 0; --digits) scaled /= 10;
    return absl::StrCat(customer, "/", row.stock_code, "/", scaled, "e-", digits);
  }

  void AddBindingIfDue(const std::string& customer, const Channel& channel, const std::string& account,
                       absl::Time order_time) {
    const int64_t k = std::min<int64_t>(1 + Crc32(account) % 3, orders_of_account_.at(account));
    if (++seen_of_account_[account] != k) return;
    ++made_.bindings;
    RetailEvent& made =
        Add("or-bind-" + account, channel.name, account, "account_bound", order_time + absl::Seconds(1));
    AddIdentifier(made.event, channel.namespace_, channel.scope, account);
    AddIdentifier(made.event, "phone", "",
                  "138" + std::string(8 - std::min<size_t>(8, customer.size()), '0') + customer);
    made.event.set_logged_in(true);
    made.event.set_verified(true);
    made.event.mutable_account_bound();
  }

  void AddCancellation(const Invoice& invoice) {
    // Orders in the order of first touch, each with its (line, pieces).
    std::vector<std::pair<size_t, std::map<int, int64_t>>> touched;
    for (const OrderLineRow* row : invoice.rows) {
      if (row->quantity >= 0) continue;
      int64_t pieces = -row->quantity;
      if (!invoice.first().customer_id.empty()) Match(KeyOf(invoice.first().customer_id, *row), pieces, touched);
      made_.unmatched_pieces += pieces;
    }
    for (const auto& [index, lines] : touched) {
      const Order& order = orders_[index];
      ++made_.refunds;
      RetailEvent& made = Add(absl::StrCat("or-ref-", invoice.number, "-", order.id), order.channel, order.account,
                              "order_refunded", Shifted(invoice.first().time));
      const Channel& channel = *std::find_if(std::begin(kChannels), std::end(kChannels),
                                             [&](const Channel& c) { return c.name == order.channel; });
      AddIdentifier(made.event, channel.namespace_, channel.scope, order.account);
      auto* refunded = made.event.mutable_order_refunded();
      refunded->set_order_id(order.id);
      refunded->set_refund_id(invoice.number);
      for (const auto& [line, count] : lines) {
        auto* part = refunded->add_lines();
        part->set_line(line);
        part->set_pieces(count);
      }
    }
  }

  // Takes pieces from what was sold, latest order first, within an order the highest line first.
  void Match(const std::string& key, int64_t& pieces, std::vector<std::pair<size_t, std::map<int, int64_t>>>& touched) {
    auto sold = sold_.find(key);
    if (sold == sold_.end()) return;
    for (auto line = sold->second.rbegin(); line != sold->second.rend() && pieces > 0; ++line) {
      const int64_t taken = std::min(pieces, line->pieces_left);
      if (taken == 0) continue;
      line->pieces_left -= taken;
      pieces -= taken;
      auto order = std::find_if(touched.begin(), touched.end(), [&](const auto& t) { return t.first == line->order; });
      if (order == touched.end()) order = touched.insert(touched.end(), {line->order, {}});
      order->second[line->line] += taken;
    }
  }

  const std::vector<Invoice> invoices_;
  absl::TimeZone zone_;
  int64_t days_ = 0;
  RetailEvents made_;
  std::vector<Order> orders_;
  std::map<std::string, std::vector<SoldLine>> sold_;
  std::map<std::string, int64_t> orders_of_account_, seen_of_account_;
};

}  // namespace

uint32_t Crc32(std::string_view text) {
  return static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(text.data()), static_cast<uInt>(text.size())));
}

RetailEvents MakeRetailEvents(const std::vector<OrderLineRow>& rows, absl::CivilDay anchor) {
  return Maker(rows, anchor).Make();
}

bool IsDuplicated(const std::string& event_id) { return Crc32("dup:" + event_id) % 50 == 0; }
bool IsFollowedByGarbage(const std::string& event_id) { return Crc32("bad:" + event_id) % 500 == 0; }

}  // namespace tessera::replay
