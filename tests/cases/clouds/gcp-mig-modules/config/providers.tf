terraform {
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.0"
    }
  }
}

provider "google" {
  project = "shop-prod"
  region  = "us-central1"
}

provider "google" {
  alias   = "asia"
  project = "shop-prod"
  region  = "asia-east1"
}
