#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

/// Users, groups, roles, tokens and access control entries: what the real one keeps in user.cfg.
namespace pveplan::lab {

struct Token {
  std::string secret;
  bool privilege_separation = true;
  std::int64_t expire = 0;  ///< Unix time, 0 = never
  std::string comment;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("secret", self.secret);
    archive("privsep", self.privilege_separation);
    archive("expire", self.expire);
    archive("comment", self.comment);
  }
};

struct User {
  bool enabled = true;
  std::int64_t expire = 0;
  std::string first_name, last_name, email, comment, keys;
  std::optional<std::string> password;  ///< absent: nobody can log in with a password
  std::map<std::string, Token> tokens;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("enable", self.enabled);
    archive("expire", self.expire);
    archive("firstname", self.first_name);
    archive("lastname", self.last_name);
    archive("email", self.email);
    archive("comment", self.comment);
    archive("keys", self.keys);
    archive("password", self.password);
    archive("tokens", self.tokens);
  }
};

struct Group {
  std::string comment;
  std::set<std::string> members;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("comment", self.comment);
    archive("members", self.members);
  }
};

struct Realm {
  std::string type;
  std::string comment;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("type", self.type);
    archive("comment", self.comment);
  }
};

/// Roles that one path gives to users, groups and tokens; the value says whether it propagates.
struct AclNode {
  using Grants = std::map<std::string, std::map<std::string, bool>>;  ///< who → role → propagate
  Grants users, groups, tokens;

  bool empty() const { return users.empty() && groups.empty() && tokens.empty(); }

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("users", self.users);
    archive("groups", self.groups);
    archive("tokens", self.tokens);
  }
};

struct Pool {
  std::string comment;
  std::set<int> guests;
  std::set<std::string> storages;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("comment", self.comment);
    archive("guests", self.guests);
    archive("storages", self.storages);
  }
};

struct Access {
  std::map<std::string, User> users;
  std::map<std::string, Group> groups;
  std::map<std::string, std::set<std::string>> custom_roles;  ///< built-in ones are a table
  std::map<std::string, AclNode> acl;                         ///< by path
  std::map<std::string, Realm> realms;
  std::map<std::string, Pool> pools;

  template <typename Self, typename Archive>
  static void describe(Self& self, Archive&& archive) {
    archive("users", self.users);
    archive("groups", self.groups);
    archive("roles", self.custom_roles);
    archive("acl", self.acl);
    archive("realms", self.realms);
    archive("pools", self.pools);
  }
};

}  // namespace pveplan::lab
